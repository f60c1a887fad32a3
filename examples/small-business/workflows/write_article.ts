import { workflow } from 'reeve'
import { z } from 'zod'

/** What is published under the studio's name, its owner reads before. */
export default workflow({
  input: z.object({ topic: z.string() }),
  output: z.object({ title: z.string(), body: z.string() }),
  async run(ctx, { topic }) {
    const title = `What ${topic} means for a small shop`
    const write = (what: string) =>
      ctx.generate(what, { route: 'writing', with: { topic, title, words: 'at least 150' } })
    const first = await write('write the article')
    const body = first.split(/\s+/).length >= 100 ? first : await write('write it again, longer')
    const read = await ctx.approve('publish the article', { show: { title, body } })
    if (read.status !== 'approved') throw new Error(`the article is not to be published: ${read.status}`)
    return read.value
  },
})
