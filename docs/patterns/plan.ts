// Plan, then execute: the plan is checked whole, steps run by their dependencies, a failure rolls back.
import { workflow } from 'reeve'
import { plan, planAction } from 'reeve/patterns'
import { runInMemory, scriptedSolver } from 'reeve/testing'
import { z } from 'zod'

const trip = workflow({
  name: 'trip',
  input: z.string(),
  run(ctx, goal) {
    const book = (what: string, free: boolean) =>
      planAction({
        does: `books a ${what}`,
        args: z.object({ city: z.string() }),
        run: ({ city }) =>
          ctx.step(`book ${what}`, () => {
            if (!free) throw Object.assign(new Error(`no ${what} left in ${city}`), { retryable: false })
            return `${what} in ${city}`
          }),
        undo: (_args, booked) => ctx.step(`cancel ${booked}`, () => null),
      })
    const actions = { flight: book('flight', true), hotel: book('hotel', true), guide: book('guide', false) }
    return plan(ctx, 'trip', { goal, actions, plan: { route: 'planner' }, maxSteps: 5 })
  },
})

const step = (action: string, ...needs: string[]) => ({ id: action, action, args: { city: 'Lisbon' }, needs })
const later = [step('hotel', 'flight'), step('guide', 'hotel')]
// The first plan runs in a circle: the model is told which one, and mends it.
const plans = [
  [step('flight', 'guide'), ...later],
  [step('flight'), ...later],
]
const planner = scriptedSolver(plans.map((steps) => JSON.stringify({ steps })))
const routes = { planner: { solvers: [planner] } }
const { result, journal } = await runInMemory(trip, 'a weekend in Lisbon', { routes })
console.log(result)
for (const { type, name } of journal) if (name) console.log(type, name)
