import { ReeveError } from '../../base/errors.ts'
import { wholeNumber } from '../../base/numbers.ts'
import { checkOption, refuseUnknownOptions } from '../../base/options.ts'
import { type Duration, toMs } from '../../base/time/time.ts'

/** How far a repair goes by itself: it is proposed to a person, it is promoted when it is proven, or nothing is repaired. */
export type RepairLevel = 'propose' | 'promote' | 'off'

/**
 * How failing scripts are repaired. Nothing is repaired in a project without the route that this names.
 *
 * @example
 * import { defineConfig } from 'reeve'
 *
 * export default defineConfig({
 *   routes: { repair: { solvers: ['anthropic/claude-haiku-4-5'] } },
 *   repair: { level: 'propose', attempts: 3, watch: '24h', scripts: { pay_invoice: 'off' } },
 * })
 */
export interface RepairConfig {
  /** `propose` (a person decides), `promote` (a proven fix takes the place of the script) or `off`. Default `propose`. */
  level?: RepairLevel
  /** Single scripts, by name. */
  scripts?: Readonly<Record<string, RepairLevel>>
  /** The route that is asked for fixes. Default `repair`. */
  route?: string
  /** The most fixes that are asked for in one repair. Default 3. */
  attempts?: number
  /** So many recorded runs, at most, must come out the same with a fix. Default 10. */
  recorded?: number
  /** How long a promoted fix is watched; it is rolled back when the script fails again. Default `24h`. */
  watch?: Duration
}

export interface RepairSettings {
  levelOf(script: string): RepairLevel
  route: string
  attempts: number
  recorded: number
  watchMs: number
}

const levels: readonly RepairLevel[] = ['propose', 'promote', 'off']
const options = [
  'level',
  'scripts',
  'route',
  'attempts',
  'recorded',
  'watch',
] satisfies (keyof RepairConfig)[]

/** @throws `bad-config` `bad-number` `bad-duration` */
export function repairSettings(config: RepairConfig = {}): RepairSettings {
  checkOption(config, '`repair`', 'object!', 'bad-config')
  refuseUnknownOptions(config, '`repair`', options, 'bad-config')
  const {
    level = 'propose',
    scripts = {},
    route = 'repair',
    attempts = 3,
    recorded = 10,
    watch = '24h',
  } = config
  for (const [name, each] of Object.entries({ level, ...scripts }))
    if (!levels.includes(each))
      throw new ReeveError(
        'bad-config',
        `\`repair\` has ${JSON.stringify(each)} for ${name}; it must be propose, promote or off.`,
      )
  wholeNumber(attempts, 'repair.attempts')
  wholeNumber(recorded, 'repair.recorded')
  return {
    levelOf: (script) => (Object.hasOwn(scripts, script) ? scripts[script]! : level),
    ...{ route, attempts, recorded, watchMs: toMs(watch, 'repair.watch') },
  }
}
