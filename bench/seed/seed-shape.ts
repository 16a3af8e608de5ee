/** What a seeded database looks like. */
export type SeedShape = {
  /** Rows of artifacts: each is one version. */
  artifacts: number
  /** Versions of each name. */
  versions: number
  contentBytes: number
}

/** The group that owns four names of five, so that a group's own lists are as long as they get; every fifth belongs to another. */
export const SEED_GROUP = 'acme'
export const SEED_AUTHOR = 'alice'
export const SEED_TYPE = 'prompt'

export const nameCount = ({ artifacts, versions }: SeedShape): number => Math.ceil(artifacts / versions)
