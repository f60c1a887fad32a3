import { messageOf } from '../../base/errors.ts'
import type { McpStanding } from './connection.ts'
import { partOf } from './definition/definition.ts'
import type { ServerPins } from './definition/pins.ts'
import type { McpServerDefinition } from './definition/server-definition.ts'

export interface McpServerStanding extends McpStanding {
  /** Its command, or where it is: arguments and the rest of an address may hold what is secret. */
  way: string
  /** Its tools and prompts that a person accepted. */
  pinned: string[]
  /** Why its pins cannot be used; null: they can. */
  pinProblem: string | null
}

export function standingOf(
  definition: McpServerDefinition,
  standing: McpStanding,
  readPins: () => ServerPins | undefined,
): McpServerStanding {
  const way = 'url' in definition ? new URL(definition.url).origin : definition.command
  try {
    const pins = Object.values(readPins()?.definitions ?? {})
    return { ...standing, way, pinned: pins.map((pin) => partOf(pin.definition)), pinProblem: null }
  } catch (error) {
    return { ...standing, way, pinned: [], pinProblem: messageOf(error) }
  }
}
