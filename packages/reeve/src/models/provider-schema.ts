const strictKeywords = new Set([
  '$schema',
  'type',
  'title',
  'description',
  'properties',
  'required',
  'additionalProperties',
  'items',
  'enum',
  'const',
  'anyOf',
  'minimum',
  'maximum',
  'pattern',
])

/**
 * Whether OpenAI's strict mode takes the schema: every property required, no other properties, and only the keywords
 * that it knows. A schema with an optional property would be refused there, so it is sent without strictness.
 */
export function fitsStrictMode(schema: unknown): boolean {
  if (!isRecord(schema) || !Object.keys(schema).every((keyword) => strictKeywords.has(keyword))) return false
  const { properties, required, additionalProperties, items, anyOf } = schema
  if (isRecord(properties)) {
    if (additionalProperties !== false || !Array.isArray(required)) return false
    const parts = Object.entries(properties)
    if (!parts.every(([name, part]) => required.includes(name) && fitsStrictMode(part))) return false
  } else if (schema.type === 'object') return false
  if (items !== undefined && !fitsStrictMode(items)) return false
  return !Array.isArray(anyOf) || anyOf.every(fitsStrictMode)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}
