import { type ArgumentRole, partsOf } from './governed-tool.ts'

/** What permission reads of an argument's JSON Schema. */
export interface ArgumentSchema {
  type?: string | readonly string[]
  enum?: readonly unknown[]
  const?: unknown
  format?: string
  description?: string
  anyOf?: readonly ArgumentSchema[]
  items?: ArgumentSchema
}

const words = {
  proof: /^(?:otp|code|coupon|voucher|captcha|pin|verification|discount|promo)$/,
  time: /^(?:date|dates|time|day|days|start|end|from_date|until|due|deadline|duration|month|year|week|hour|minute|timezone|when|at)$/,
  flag: /^(?:is|has|recurring|enabled|all|force|include|recursive|public|private)$/,
  content:
    /^(?:body|content|contents|text|message|subject|title|description|comment|comments|note|notes|caption|summary|reason|memo|html|markdown|value|values|data|payload|details|feedback|answer|label|location)$/,
  query: /^(?:query|search|q|keyword|keywords|term|filter|category|brand|cuisine|sort|order_by)$/,
  amount: /^(?:amount|price|total|sum|cost|budget|fee|usd|eur|money)$/,
  count: /^(?:quantity|count|limit|n|number|page|size|top|offset|rating|min|max|ids?_count)$/,
} as const

/**
 * What an argument does, from its name and schema. Whatever is not clearly harmless directs: a mistake then costs a question,
 * not an attack.
 */
export function roleOf(name: string, schema: ArgumentSchema = {}): ArgumentRole {
  const types = typesOf(schema)
  const parts = partsOf(name)
  const last = parts.at(-1) ?? ''
  const any = (pattern: RegExp) => parts.some((part) => pattern.test(part))
  if (types.every((type) => type === 'boolean')) return 'plain'
  if (schema.enum !== undefined || schema.const !== undefined) return 'plain'
  const isNumber = types.every((type) => type === 'number' || type === 'integer')
  if (any(words.amount)) return 'amount'
  if (isNumber && (any(words.count) || last === 'n')) return 'count'
  if (any(words.proof) && !any(/^(?:country|area|zip|postal|account|user)$/)) return 'proof'
  if (schema.format === 'date' || schema.format === 'date-time' || any(words.time)) return 'plain'
  if (words.content.test(last) || any(/^(?:input|inputs|field|fields)$/)) return 'content'
  if (any(words.query)) return 'query'
  return 'directs'
}

function typesOf({ type, anyOf }: ArgumentSchema): string[] {
  if (type !== undefined)
    return (typeof type === 'string' ? [type] : [...type]).filter((one) => one !== 'null')
  const types = (anyOf ?? []).flatMap(typesOf)
  return types.length > 0 ? types : ['string']
}
