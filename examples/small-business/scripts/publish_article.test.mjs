import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runWith } from '../test/outside.mjs'

const run = (answers, given) => runWith(new URL('./publish_article.mjs', import.meta.url), answers, given)

test('the address is made of topic and day', async () => {
  const { sent, result } = await run(
    { 'GET /api/status': { today: '2026-03-05' }, 'PUT /api/articles/page-speed-2026-03-05': { words: 120 } },
    { inputs: { topic: 'Page speed', title: 'Speed', body: 'Words' } },
  )
  assert.deepEqual(result, { slug: 'page-speed-2026-03-05', words: 120 })
  assert.partialDeepStrictEqual(sent[1][1], { title: 'Speed', topic: 'Page speed', body: 'Words' })
})
