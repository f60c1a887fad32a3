import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { answersReference } from './reference/answers.ts'
import { commandsReference } from './reference/commands.ts'
import { configurationReference } from './reference/configuration.ts'
import { errorsReference } from './reference/errors.ts'
import { eventsReference } from './reference/events.ts'
import { licencesReference } from './reference/licences.ts'
import { llmsIndex } from './reference/llms.ts'

/** Writes the references in docs/reference that are made from the code: `npm run reference`. */
const folder = join(import.meta.dirname, '../docs/reference')
mkdirSync(folder, { recursive: true })
writeFileSync(join(folder, 'events.md'), eventsReference())
writeFileSync(join(folder, 'errors.md'), errorsReference())
writeFileSync(join(folder, 'commands.md'), commandsReference())
writeFileSync(join(folder, 'json.md'), answersReference())
writeFileSync(join(folder, 'configuration.md'), configurationReference())
writeFileSync(join(folder, 'licences.md'), licencesReference())
writeFileSync(join(folder, '../llms.txt'), llmsIndex())
