import { z } from 'zod'
import type { Json } from '../../base/json/json.ts'
import type { Letter } from '../../triggers/letters/letter.ts'
import type { ServiceCall } from '../door/service-call.ts'
import type { Settings } from '../shape/mode.ts'

/** What a project says of the requests that are brought to people by letter: an option of a connector of mail. */
export const lettersSchema = z.strictObject({
  /** Addresses of people, and as which principal each decides. Each gets a letter of what they may decide. */
  people: z
    .record(z.email().max(320), z.string().min(1))
    .refine(
      (people) => new Set(Object.keys(people).map(lower)).size === Object.keys(people).length,
      'an address that stands there twice, in large and small letters',
    ),
  /** The address of this server as people reach it, for links: `https://reeve.example.com`. */
  page: z.url({ protocol: /^https?$/ }).optional(),
})

/** The same, and whose word counts for who wrote a reply. */
export interface LetterSettings extends z.output<typeof lettersSchema> {
  /**
   * How the server that receives calls itself at the beginning of its `Authentication-Results` (RFC 8601): its results alone
   * count. Undefined: nothing is decided by reply.
   */
  authservId?: string | undefined
}

/** What is written to somebody. */
export interface LetterToPerson {
  to: string
  subject: string
  text: string
  /** The `Message-ID` of the letter that it answers. */
  inReplyTo?: string
}

/** A letter that came, named by what it is: the same under another number is one. */
export type LetterThatCame = { id: string } & ({ item: Letter } | { problem: string })

/** How a connector of mail brings requests to people, each by a letter of their own, and reads what they reply. */
export interface LettersOfService {
  readonly by: 'letters'
  /** The rate that letters count towards. */
  class: string
  /** What the project wants; undefined: requests do not go there. */
  settingsOf(settings: Settings): LetterSettings | undefined
  /** What stands before the `@` in the `Message-ID` of a letter that is sent under a key: who knows not the key finds none. */
  nameOf(key: string): string
  /** Sends it, once for the key of the call. */
  send(api: ServiceCall, letter: LetterToPerson): Promise<void>
  /** What came since the last look; `cursor` null: begins with what comes from now on. */
  look(
    api: ServiceCall,
    cursor: Json,
  ): Promise<{ found: readonly LetterThatCame[]; cursor: Json; more?: boolean }>
}

/** Addresses are compared as mail servers do nearly everywhere. */
export function lower(address: string): string {
  return address.toLowerCase()
}

/** As whom somebody at an address decides; undefined: nobody is named for it. */
export function personAt(people: Readonly<Record<string, string>>, address: string): string | undefined {
  return Object.entries(people).find(([its]) => lower(its) === lower(address))?.[1]
}
