import { z } from 'zod'
import { picked } from '../door/picked.ts'

export const repository = z
  .string()
  .regex(/^[A-Za-z0-9-]{1,39}\/[\w.-]{1,100}$/, 'write OWNER/NAME')
  .refine((name) => !/\/\.{1,2}$/.test(name), 'write OWNER/NAME')
  .describe('OWNER/NAME')

export const number = z.number().int().positive()

const User = z.object({ login: z.string() })

export const Issue = z.object({
  number: z.number().int(),
  title: z.string(),
  body: z.string().nullable(),
  state: z.string(),
  state_reason: z.string().nullish(),
  labels: z.array(z.string()),
  assignees: z.array(z.string()),
  author: z.string(),
  comments: z.number().int(),
  is_pull_request: z.boolean(),
  created_at: z.string(),
  updated_at: z.string(),
  html_url: z.string(),
})

export const Comment = z.object({
  id: z.number().int(),
  body: z.string(),
  author: z.string(),
  created_at: z.string(),
  html_url: z.string(),
})

export const PullRequest = Issue.omit({ state_reason: true, is_pull_request: true, comments: true }).extend({
  draft: z.boolean(),
  merged: z.boolean().nullish(),
  head: z.string(),
  base: z.string(),
})

export const File = z.object({
  filename: z.string(),
  status: z.string(),
  additions: z.number().int(),
  deletions: z.number().int(),
  patch: z.string().optional(),
})

/** What a webhook of GitHub posts about issues, comments on them and pull requests. */
export const Event = z.object({
  action: z.string(),
  issue: z.object({ number: z.number().int(), title: z.string(), user: User }).optional(),
  pull_request: z.object({ number: z.number().int(), title: z.string(), user: User }).optional(),
  comment: z.object({ id: z.number().int(), body: z.string(), user: User }).optional(),
  repository: z.object({ full_name: z.string() }),
  sender: User,
})

// biome-ignore lint/suspicious/noExplicitAny: what GitHub answered is read by the actions' schemas
type Answered = any

/** Names in the place of the objects that GitHub has them in. */
export function issueOf(json: Answered): z.input<typeof Issue> {
  return { ...picked(Issue, json), ...common(json), is_pull_request: json?.pull_request !== undefined }
}

export function pullOf(json: Answered): z.input<typeof PullRequest> {
  return { ...picked(PullRequest, json), ...common(json), head: json?.head?.ref, base: json?.base?.ref }
}

export function commentOf(json: Answered): z.input<typeof Comment> {
  return { ...picked(Comment, json), author: json?.user?.login, body: withoutKey(json?.body) }
}

function common(json: Answered) {
  return {
    author: json?.user?.login,
    body: withoutKey(json?.body ?? null),
    labels: (json?.labels ?? []).map((label: Answered) => label?.name ?? label),
    assignees: (json?.assignees ?? []).map((user: Answered) => user?.login),
  }
}

/** In Markdown, a comment of HTML is there and not shown: a text can carry its effect's key. */
export function withKey(text: string, key: string): string {
  return `${text}\n\n${markOf(key)}`
}

export function markOf(key: string): string {
  // Two dashes would end it.
  return `<!-- reeve:${encodeURIComponent(key).replaceAll('-', '%2D')} -->`
}

function withoutKey<Text>(text: Text): Text {
  return typeof text === 'string' ? (text.replace(/\n*<!-- reeve:\S+ -->$/, '') as Text) : text
}
