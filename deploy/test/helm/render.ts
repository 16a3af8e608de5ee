import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { root } from '@keepr/dev-env/data-dir'
import { parseAllDocuments } from 'yaml'
import { findHelm } from './find-helm.ts'

export type Container = {
  name: string
  image: string
  env?: { name: string; value?: string; valueFrom?: { secretKeyRef?: { name: string; key: string } } }[]
  args?: string[]
  command?: string[]
  ports?: { name: string; containerPort: number }[]
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> }
  securityContext?: Record<string, unknown>
  volumeMounts?: { name: string; mountPath: string; readOnly?: boolean }[]
  [probe: string]: unknown
}
export type PodSpec = {
  serviceAccountName?: string
  automountServiceAccountToken?: boolean
  securityContext?: Record<string, unknown>
  containers: Container[]
  volumes?: ({ name: string } & Record<string, unknown>)[]
  tolerations?: unknown[]
  topologySpreadConstraints?: { topologyKey: string }[]
}
export type Manifest = {
  apiVersion: string
  kind: string
  metadata: { name: string; labels?: Record<string, string>; annotations?: Record<string, string> }
  data?: Record<string, string>
  // Each kind has its own; the tests say what they expect of it.
  spec?: Record<string, unknown> & { template?: { metadata: Manifest['metadata']; spec: PodSpec } }
}

export const chart = join(root, 'deploy/helm/keepr')

/** Runs helm; throws with what it printed. */
export async function helm(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(await findHelm(), args, { maxBuffer: 2 ** 26 })
  return stdout
}

/** What the chart makes of a value set of `ci/` and of single values. */
export async function render(valueSet: string, ...set: string[]): Promise<Manifest[]> {
  const values = ['--values', join(chart, 'ci', `${valueSet}-values.yaml`)]
  const text = await helm(
    'template',
    'release',
    chart,
    '--namespace',
    'keepr',
    ...values,
    ...set.flatMap((one) => ['--set', one]),
  )
  return manifestsIn(text)
}

/** What helm printed. */
export const manifestsIn = (text: string): Manifest[] =>
  parseAllDocuments(text).flatMap((document) => {
    if (document.errors.length > 0) throw new Error(document.errors.join('\n'))
    // SAFETY: what helm gives is looked at by the schemas of Kubernetes, in a test of its own.
    const manifest = document.toJS() as Manifest | null
    return manifest === null ? [] : [manifest]
  })

/** The pods of all manifests, by the component's name. */
export function podsOf(manifests: readonly Manifest[]): Map<string, PodSpec> {
  return new Map(
    manifests.flatMap(({ kind, metadata, spec }) => {
      // SAFETY: a Pod's spec is that of a pod.
      const pod = kind === 'Pod' ? (spec as unknown as PodSpec) : spec?.template?.spec
      return pod === undefined
        ? []
        : [[metadata.labels?.['app.kubernetes.io/component'] ?? metadata.name, pod] as const]
    }),
  )
}
