// The router: a small local classifier decides who handles a message, and only that one does.
import { byClassifier, localExtractor, trainClassifier, workflow } from 'reeve'
import { route } from 'reeve/patterns'
import { runInMemory } from 'reeve/testing'
import { z } from 'zod'

const classifier = trainClassifier([
  { text: 'I was charged twice for my order', label: 'billing' },
  { text: 'please refund the money on my invoice', label: 'billing' },
  { text: 'why is the payment on my card higher', label: 'billing' },
  { text: 'the app crashes when I open it', label: 'technical' },
  { text: 'I cannot log in, it shows an error', label: 'technical' },
  { text: 'the page does not load in my browser', label: 'technical' },
])

const desk = workflow({
  name: 'desk',
  input: z.string(),
  run: (ctx, message) =>
    route(ctx, 'desk', {
      input: message,
      by: { route: 'triage' },
      cases: {
        billing: { when: 'money, invoices, refunds', run: () => 'We look at the invoice.' },
        technical: { when: 'something does not work', run: () => 'Please send us the error.' },
      },
    }),
})

const { result } = await runInMemory(desk, 'You charged my card twice, refund the invoice', {
  routes: { triage: { solvers: [localExtractor({ fields: { choice: byClassifier(classifier) } })] } },
})
console.log(result)
