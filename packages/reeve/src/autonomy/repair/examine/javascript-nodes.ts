import type { AnyNode, Node } from 'acorn'
import { isRecord } from '../../../base/json/record.ts'

export function moduleName(source: string): string {
  return source.replace(/^node:/, '')
}

export function requiredIn(node: AnyNode | Node): string | undefined {
  const call = node as AnyNode
  if (call.type !== 'CallExpression' || call.callee.type !== 'Identifier' || call.callee.name !== 'require')
    return undefined
  const [first] = call.arguments
  return first?.type === 'Literal' && typeof first.value === 'string' ? moduleName(first.value) : undefined
}

export function namesIn(pattern: AnyNode | Node | null): string[] {
  const node = pattern as AnyNode | null
  switch (node?.type) {
    case 'Identifier':
      return [node.name]
    case 'ObjectPattern':
      return node.properties.flatMap((each) => namesIn(each.type === 'Property' ? each.value : each.argument))
    case 'ArrayPattern':
      return node.elements.flatMap((each) => namesIn(each))
    case 'RestElement':
      return namesIn(node.argument)
    case 'AssignmentPattern':
      return namesIn(node.left)
    default:
      return []
  }
}

export function isReference(node: AnyNode, parent: AnyNode | undefined): boolean {
  if (!parent) return true
  if (parent.type === 'MemberExpression') return parent.object === node || parent.computed
  if (parent.type === 'Property') return parent.value === node || parent.computed
  if (parent.type === 'MethodDefinition' || parent.type === 'PropertyDefinition')
    return parent.computed || parent.value === node
  return ![
    'LabeledStatement',
    'BreakStatement',
    'ContinueStatement',
    'ImportSpecifier',
    'ExportSpecifier',
    'MetaProperty',
  ].includes(parent.type)
}

export function isCallee(node: AnyNode, parent: AnyNode | undefined): boolean {
  return (parent?.type === 'CallExpression' || parent?.type === 'NewExpression') && parent.callee === node
}

export function isText(node: Node): boolean {
  const each = node as AnyNode
  return each.type === 'Literal' && typeof each.value === 'string'
}

/** Whether a failure is forgotten there: nothing is thrown, and nothing but constants is answered. */
export function hides(body: AnyNode & { type: 'BlockStatement' }): boolean {
  let acts = false
  walk(body, (node) => {
    if (
      node.type === 'ThrowStatement' ||
      node.type === 'CallExpression' ||
      node.type === 'AssignmentExpression'
    )
      acts = true
  })
  return !acts
}

export function walk(
  node: AnyNode,
  visit: (node: AnyNode, parent: AnyNode | undefined) => void,
  parent?: AnyNode,
): void {
  visit(node, parent)
  for (const value of Object.values(node)) {
    for (const each of Array.isArray(value) ? value : [value])
      if (isRecord(each) && typeof each.type === 'string') walk(each as unknown as AnyNode, visit, node)
  }
}
