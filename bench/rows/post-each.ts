import type { Product } from '../stage/product.ts'

type Post = { path: string; body: object }

/** Posts each once, so many at a time. @returns how many a second */
export async function postEach(
  { url, headers }: Product,
  posts: readonly Post[],
  concurrency: number,
): Promise<number> {
  const left = [...posts].toReversed()
  const startedAt = performance.now()
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      for (let post = left.pop(); post; post = left.pop()) {
        const answer = await fetch(url + post.path, { method: 'POST', headers, body: JSON.stringify(post.body) })
        const text = await answer.text()
        if (!answer.ok) throw new Error(`POST ${post.path}: ${answer.status} ${text}`)
      }
    }),
  )
  return posts.length / ((performance.now() - startedAt) / 1000)
}
