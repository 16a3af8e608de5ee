// Loaded into each service by the supervisor (node --import): when the supervisor is gone, even by SIGKILL, its channel closes
// and the service drains and ends as on SIGTERM, so that nothing holds the port or the database's folder.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
process.channel?.unref()
