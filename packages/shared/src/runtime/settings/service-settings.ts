import type { Setting } from './setting.ts'
import { oneOf, Port, Ratio, Switch, Text, TimerDuration, urlOf } from './setting-types.ts'

/** How a process is reached, watched and stopped. */
export const serviceSettings = {
  PORT: {
    type: Port,
    default: '8080',
    readBy: ['api', 'dev-env'],
    about: 'Where the API listens.',
  },
  HOST: {
    type: Text,
    default: '127.0.0.1',
    readBy: ['api', 'validation-worker', 'webhook-worker', 'dev-env'],
    about: 'The address to bind to; 0.0.0.0 in a container.',
  },
  METRICS_PORT: {
    type: Port,
    optional: true,
    readBy: ['api', 'validation-worker', 'webhook-worker'],
    about:
      'Where health, readiness and metrics are served. The API serves metrics on its own port when absent; a worker then serves none.',
  },
  KEEPR_CONFIG_DIR: {
    type: Text,
    default: 'config',
    readBy: ['api', 'validation-worker', 'webhook-worker', 'dev-env'],
    about: 'The folder with artifact_type_config.yaml and webhooks.yaml.',
  },
  KEEPR_DATA_DIR: {
    type: Text,
    default: '.keepr',
    readBy: ['dev-env'],
    about: 'Where npm start keeps its database and its development secret.',
  },
  LOG_LEVEL: {
    type: oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
    default: 'info',
    readBy: ['api', 'validation-worker', 'webhook-worker', 'dev-env'],
    about: 'The least important log lines that are written.',
  },
  LOG_PRETTY: {
    type: Switch,
    default: 'false',
    readBy: ['api', 'validation-worker', 'webhook-worker', 'dev-env'],
    about: 'Log lines for people instead of JSON.',
  },
  SHUTDOWN_GRACE: {
    type: TimerDuration,
    default: '8s',
    unit: 'duration',
    readBy: ['api', 'validation-worker', 'webhook-worker'],
    about: 'How long a process may finish its work after SIGTERM before it is ended.',
  },
  CONFIG_POLL_INTERVAL: {
    type: TimerDuration,
    default: '2s',
    unit: 'duration',
    readBy: ['api', 'validation-worker', 'webhook-worker'],
    about: 'How often configuration files are looked at for changes.',
  },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    type: urlOf('http', 'https'),
    optional: true,
    readBy: ['api', 'validation-worker', 'webhook-worker'],
    about: 'Where traces are sent (OTLP over HTTP); no tracing when absent.',
  },
  OTEL_SERVICE_NAME: {
    type: Text,
    optional: true,
    readBy: ['api', 'validation-worker', 'webhook-worker'],
    about: "The service's name in traces; keepr-api, keepr-validation-worker or keepr-webhook-worker when absent.",
  },
  OTEL_TRACES_SAMPLER_ARG: {
    type: Ratio,
    default: '1',
    unit: 'ratio',
    readBy: ['api', 'validation-worker', 'webhook-worker'],
    about: 'The share of traces that is recorded when the caller did not decide.',
  },
} as const satisfies Record<string, Setting>
