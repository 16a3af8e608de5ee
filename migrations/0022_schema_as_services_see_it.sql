-- A service asks which migrations have run before it does anything, and waits for those that it needs.

grant select on keepr_migrations to keepr_api, keepr_validation, keepr_webhook;
