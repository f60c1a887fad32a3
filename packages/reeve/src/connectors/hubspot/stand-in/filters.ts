import { isRecord } from '../../../base/json/record.ts'

/** Values of properties are texts on the wire, numbers and times too. */
export type Properties = Record<string, string | null>

/** Whether a record has all that one group of filters wants. */
export function matchesGroup(properties: Properties, group: unknown): boolean {
  const filters = isRecord(group) && Array.isArray(group.filters) ? group.filters : []
  return filters.every((filter) => isRecord(filter) && matches(properties, filter))
}

function matches(
  properties: Properties,
  { propertyName, operator, value, values }: Record<string, unknown>,
): boolean {
  const has = properties[String(propertyName)] ?? null
  const [own, other] = [Number(has), Number(value)]
  switch (operator) {
    case 'EQ':
      return has?.toLowerCase() === String(value).toLowerCase()
    case 'NEQ':
      return has?.toLowerCase() !== String(value).toLowerCase()
    case 'IN':
      return Array.isArray(values) && has !== null && values.map(String).includes(has)
    case 'HAS_PROPERTY':
      return has !== null
    case 'NOT_HAS_PROPERTY':
      return has === null
    case 'CONTAINS_TOKEN':
      return has?.toLowerCase().includes(String(value).replaceAll('*', '').toLowerCase()) ?? false
    case 'GT':
      return has !== null && own > other
    case 'GTE':
      return has !== null && own >= other
    case 'LT':
      return has !== null && own < other
    case 'LTE':
      return has !== null && own <= other
    default:
      return false
  }
}
