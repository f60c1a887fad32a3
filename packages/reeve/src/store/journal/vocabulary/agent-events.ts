import { lineEvent, list, number, text } from './define.ts'

/** What an agent left out of a prompt. */
export interface DroppedPart {
  turn: number
  what: 'result' | 'turn' | 'summary'
  tool?: string
  characters: number
}

const agent = {
  message: text('The same for a person.'),
  agent: text("The agent's name."),
  role: text('Its role.'),
  owner: text('Who answers for it.'),
  turns: number('Turns of the model so far.'),
  tokens: number('Tokens so far.'),
  costUsd: number('Cost so far (US dollars).'),
}

/** What agents note of themselves. */
export const agentEvents = {
  'agent-finished': lineEvent({
    meaning: 'An agent gave its answer.',
    by: 'an agent',
    fields: agent,
    shown: ['message'],
  }),
  'agent-stopped': lineEvent({
    meaning: 'An agent ended without an answer.',
    by: 'an agent',
    fields: { ...agent, why: text('Which limit, guard or error ended it.') },
    shown: ['message'],
  }),
  'agent-cut': lineEvent({
    meaning: 'An agent left parts of its past out of the next prompt, for want of room.',
    by: 'an agent',
    fields: { ...agent, dropped: list<DroppedPart>('What was left out or shortened.') },
    shown: ['message'],
  }),
  'agent-refused': lineEvent({
    meaning: 'Calls that an agent wanted were not made.',
    by: 'an agent',
    fields: {
      ...agent,
      problems: list<{ call: string; status: string; problem: string }>('Which calls, and why not.'),
    },
    shown: ['message'],
  }),
}
