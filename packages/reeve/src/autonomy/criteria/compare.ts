import type { Json } from '../../base/json/json.ts'
import type { Comparison } from './criterion.ts'

/** Whether a value stands to the expected text as it says. Numbers are compared as numbers. */
export function compares(value: Json | undefined, comparison: Comparison, expected: string): boolean {
  if (value === undefined) return false
  switch (comparison) {
    case 'is':
      return isSame(value, expected)
    case 'is not':
      return !isSame(value, expected)
    case 'at least':
    case 'at most': {
      const [left, right] = [numberIn(value), numberIn(expected)]
      if (left === undefined || right === undefined) return false
      return comparison === 'at least' ? left >= right : left <= right
    }
    case 'contains':
      if (Array.isArray(value)) return value.some((each) => isSame(each as Json, expected))
      return typeof value === 'string' && value.includes(expected)
  }
}

function isSame(value: Json, expected: string): boolean {
  const [left, right] = [numberIn(value), numberIn(expected)]
  if (left !== undefined && right !== undefined) return left === right
  return typeof value === 'object' && value !== null
    ? JSON.stringify(value) === expected
    : String(value) === expected
}

function numberIn(value: Json): number | undefined {
  if (typeof value === 'number') return value
  if (typeof value !== 'string' || !/^-?\d+(\.\d+)?$/.test(value.trim())) return undefined
  return Number(value)
}
