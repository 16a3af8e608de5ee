import { PostgreSqlContainer } from '@testcontainers/postgresql'
import { GenericContainer, getContainerRuntimeClient, Wait } from 'testcontainers'

const POSTGRES_IMAGE = process.env['KEEPR_TEST_POSTGRES_IMAGE'] ?? 'postgres:18.4'
const REDIS_IMAGE = process.env['KEEPR_TEST_REDIS_IMAGE'] ?? 'redis:8.2.3'
// What a test writes need not survive the machine.
const POSTGRES_FLAGS = ['fsync=off', 'full_page_writes=off', 'synchronous_commit=off', 'max_connections=300']

/** Whether a Docker engine answers. */
export const dockerAnswers = (): Promise<boolean> =>
  getContainerRuntimeClient().then(
    () => true,
    () => false,
  )

/** PostgreSQL in a container, reached as its superuser. */
export async function startPostgresContainer(): Promise<{ adminUrl: string; stop(): Promise<unknown> }> {
  const container = await new PostgreSqlContainer(POSTGRES_IMAGE)
    .withDatabase('postgres')
    .withUsername('postgres')
    .withPassword('test')
    .withCommand(['postgres', ...POSTGRES_FLAGS.flatMap((flag) => ['-c', flag])])
    .start()
  const adminUrl = `postgres://postgres:test@${container.getHost()}:${container.getPort()}/postgres`
  return { adminUrl, stop: () => container.stop() }
}

/** Redis in a container. */
export async function startRedisContainer(): Promise<{ url: string; stop(): Promise<unknown> }> {
  const container = await new GenericContainer(REDIS_IMAGE)
    .withExposedPorts(6379)
    .withCommand([
      'redis-server',
      '--bind',
      '*',
      '--protected-mode',
      'no',
      '--save',
      '',
      '--maxmemory-policy',
      'noeviction',
    ])
    .withWaitStrategy(Wait.forListeningPorts())
    .start()
  return {
    url: `redis://${container.getHost()}:${container.getMappedPort(6379)}`,
    stop: () => container.stop(),
  }
}
