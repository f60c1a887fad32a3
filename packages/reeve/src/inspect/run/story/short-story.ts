import type { RunStory } from './run-story.ts'

/** A story with at most so many of each list, the last ones; and how many of each are left out. */
export function shortened(story: RunStory, limit: number): { story: RunStory; left: Record<string, number> } {
  const left: Record<string, number> = {}
  const last = <Item>(what: string, list: Item[]): Item[] => {
    if (list.length <= limit) return list
    left[what] = list.length - limit
    return list.slice(-limit)
  }
  const { context, belief } = story
  const short: RunStory = {
    ...story,
    context: {
      recalls: last('recalls', context.recalls),
      signals: last('signals', context.signals),
      people: last('answers of people', context.people),
      children: last('children', context.children),
    },
    tools: last('calls of tools', story.tools),
    belief: {
      ...belief,
      reviews: last('reviews', belief.reviews),
      decisions: last('decisions', belief.decisions),
      waitsFor: last('waits', belief.waitsFor),
    },
    timeline: last('events', story.timeline),
    modelCalls: last('paid calls', story.modelCalls),
  }
  return { story: short, left }
}
