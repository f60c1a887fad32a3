import { workflow } from 'reeve'
import { z } from 'zod'

export default workflow({
  input: z.object({ topic: z.string() }),
  output: z.object({ title: z.string(), body: z.string() }),
  async run(ctx, { topic }) {
    const title = `What ${topic} means for a small shop`
    const write = (what: string) =>
      ctx.generate(what, { route: 'writing', with: { topic, title, words: 'at least 150' } })
    const first = await write('write the article')
    if (first.split(/\s+/).length >= 100) return { title, body: first }
    return { title, body: await write('write it again, longer') }
  },
})
