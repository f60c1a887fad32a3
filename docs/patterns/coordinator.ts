// A coordinator: an agent whose tools are other agents. Its limits are theirs too.
import { agent, workflow } from 'reeve'
import { runInMemory, scriptedSolver, toolCalls } from 'reeve/testing'
import { z } from 'zod'

const translator = agent({
  name: 'translator',
  description: 'Translates a text to German.',
  instructions: 'Translate the text to German.',
  input: z.object({ text: z.string() }),
  route: 'small',
  owner: 'language desk',
})

const editor = agent({
  name: 'editor',
  role: 'coordinator',
  instructions: 'Have each sentence translated, then put the letter together.',
  input: z.object({ letter: z.string() }),
  output: z.object({ letter: z.string() }),
  team: [translator],
  route: 'large',
  limits: { iterations: 4, cost: '$0.10' },
  owner: 'language desk',
})

const letters = workflow({
  name: 'letters',
  input: z.object({ letter: z.string() }),
  run: (ctx, input) => ctx.agent(editor, input),
})

const large = scriptedSolver([
  toolCalls(['translator', { text: 'Good morning.' }], ['translator', { text: 'It rains.' }]),
  '{"letter":"Guten Morgen. Es regnet."}',
])
const small = scriptedSolver(['Guten Morgen.', 'Es regnet.'])
const routes = { large: { solvers: [large] }, small: { solvers: [small] } }
const { result } = await runInMemory(letters, { letter: 'Good morning. It rains.' }, { routes })
console.log(result)
