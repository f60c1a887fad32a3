import { stripTypeScriptTypes } from 'node:module'
import type { AnyNode, Node } from 'acorn'
import { messageOf } from '../../../base/errors.ts'
import {
  hides,
  isCallee,
  isReference,
  isText,
  moduleName,
  namesIn,
  requiredIn,
  walk,
} from './javascript-nodes.ts'
import { emptyShape, type Shape } from './shape.ts'

/** Names with members of their own through which a program reaches out. */
const roots = new Set([
  'process',
  'globalThis',
  'global',
  'window',
  'self',
  'module',
  'require',
  'exports',
  'Deno',
  'Bun',
])

/** What leads from any value to the means of running text as code, or to all of Node. */
const ways = ['constructor', '__proto__', 'prototype', 'caller', 'callee']
const more = ['getBuiltinModule', 'mainModule', 'binding', '_linkedBinding', 'dlopen', '__lookupGetter__']
const ofAll = new Set([...ways, ...more])

/** Reads a program; runs nothing of it. */
export async function javascriptShape(source: string, isTyped: boolean): Promise<Shape> {
  const { parse } = await import('acorn')
  const shape = emptyShape()
  let text = source
  let tree: Node
  try {
    if (isTyped) text = stripTypeScriptTypes(source)
    const options = { ecmaVersion: 'latest', allowHashBang: true, allowReturnOutsideFunction: true } as const
    try {
      tree = parse(text, { ...options, sourceType: 'module', allowAwaitOutsideFunction: true })
    } catch (error) {
      if (isTyped) throw error
      tree = parse(text, { ...options, sourceType: 'script', allowAwaitOutsideFunction: false })
    }
  } catch (error) {
    return { ...shape, problem: messageOf(error) }
  }
  new Reader(text, shape).read(tree as AnyNode)
  return shape
}

class Reader {
  readonly #text: string
  readonly #shape: Shape
  readonly #bound = new Set<string>()
  /** Names of values of which nobody knows whether they are functions. */
  readonly #values = new Set<string>()
  /** What a name stands for that was imported: a module, or a member of one. */
  readonly #imported = new Map<string, string>()

  constructor(text: string, shape: Shape) {
    this.#text = text
    this.#shape = shape
  }

  read(tree: AnyNode): void {
    walk(tree, (node) => this.#bind(node))
    walk(tree, (node, parent) => this.#look(node, parent))
  }

  #bind(node: AnyNode): void {
    const shape = this.#shape
    if (node.type === 'ImportDeclaration') {
      const module = moduleName(String(node.source.value))
      shape.modules.push(module)
      for (const each of node.specifiers) {
        const what =
          each.type === 'ImportSpecifier'
            ? `${module}.${each.imported.type === 'Identifier' ? each.imported.name : String(each.imported.value)}`
            : module
        this.#imported.set(each.local.name, what)
        this.#bound.add(each.local.name)
        if (each.type === 'ImportSpecifier') shape.chains.push(what)
      }
    } else if (node.type === 'VariableDeclarator') {
      const module = node.init ? requiredIn(node.init) : undefined
      for (const name of namesIn(node.id)) this.#bound.add(name)
      if (module === undefined) {
        const { init, id } = node
        const isAny = init?.type === 'CallExpression' || (init?.type === 'MemberExpression' && init.computed)
        if (isAny && id.type === 'Identifier') this.#values.add(id.name)
        return
      }
      shape.modules.push(module)
      if (node.id.type === 'Identifier') this.#imported.set(node.id.name, module)
      else
        for (const name of namesIn(node.id)) {
          this.#imported.set(name, `${module}.${name}`)
          shape.chains.push(`${module}.${name}`)
        }
    } else if ('params' in node && Array.isArray(node.params)) {
      for (const each of node.params) for (const name of namesIn(each)) this.#bound.add(name)
      if ('id' in node && node.id) this.#bound.add(node.id.name)
    } else if (node.type === 'ClassDeclaration' && node.id) this.#bound.add(node.id.name)
    else if (node.type === 'CatchClause' && node.param)
      for (const name of namesIn(node.param)) this.#bound.add(name)
  }

  #look(node: AnyNode, parent: AnyNode | undefined): void {
    const shape = this.#shape
    switch (node.type) {
      case 'Identifier':
        this.#identifier(node.name, node, parent)
        return
      case 'MemberExpression':
        this.#member(node, parent)
        return
      case 'Literal':
        if (typeof node.value === 'string' || typeof node.value === 'number') shape.literals.push(node.value)
        if (typeof node.value === 'string' && ofAll.has(node.value)) shape.dynamic.push(node.value)
        return
      case 'TemplateElement':
        if (node.value.cooked) shape.literals.push(node.value.cooked)
        return
      case 'ImportExpression':
        shape.dynamic.push(this.#code(node))
        return
      case 'CallExpression':
      case 'NewExpression':
        this.#call(node)
        return
      case 'MethodDefinition':
        shape.defines.push(
          node.key.type === 'Identifier' && !node.computed ? node.key.name : this.#code(node.key),
        )
        return
      case 'TaggedTemplateExpression':
        shape.dynamic.push(this.#code(node.tag))
        return
      case 'WithStatement':
        shape.dynamic.push('with')
        return
      case 'ThrowStatement':
        shape.checks.push(
          `throw ${node.argument.type === 'NewExpression' ? this.#code(node.argument.callee) : ''}`,
        )
        return
      case 'AssignmentExpression':
        if (this.#code(node.left) === 'process.exitCode' && this.#code(node.right) !== '0')
          shape.checks.push('exit')
        return
      case 'CatchClause':
        if (hides(node.body)) shape.swallows.push(`catch ${this.#code(node.body)}`)
        return
      case 'IfStatement':
      case 'ConditionalExpression':
        if (node.test.type === 'Literal') shape.marks.push(`if (${this.#code(node.test)})`)
        return
      case 'LogicalExpression':
        if (node.left.type === 'Literal' && node.operator !== '??') shape.marks.push(this.#code(node))
        return
      case 'BinaryExpression':
        if (node.operator === '+' && isText(node.left) && isText(node.right))
          shape.dynamic.push(this.#code(node))
        return
      case 'ObjectPattern':
        for (const each of node.properties)
          if (
            each.type === 'Property' &&
            (each.computed || (each.key.type === 'Identifier' && ofAll.has(each.key.name)))
          )
            shape.dynamic.push(this.#code(each))
        return
      case 'Property':
        if (/Function/.test(node.value.type))
          shape.defines.push(
            node.key.type === 'Identifier' && !node.computed ? node.key.name : this.#code(node.key),
          )
        if (node.key.type === 'Identifier' && ['detached', 'shell', 'uid', 'stdio'].includes(node.key.name))
          shape.marks.push(`${node.key.name}: ${this.#code(node.value)}`)
        return
      default:
    }
  }

  #identifier(name: string, node: AnyNode, parent: AnyNode | undefined): void {
    if (!isReference(node, parent)) return
    const imported = this.#imported.get(name)
    if (imported !== undefined) {
      // A module that is handed on can be asked for anything.
      if (!(parent?.type === 'MemberExpression' && parent.object === node) && !imported.includes('.'))
        if (!parent?.type.startsWith('Import') && !isCallee(node, parent)) this.#shape.dynamic.push(name)
      return
    }
    if (this.#bound.has(name)) return
    this.#shape.names.push(name)
    if (
      roots.has(name) &&
      name !== 'require' &&
      !(parent?.type === 'MemberExpression' && parent.object === node)
    )
      this.#shape.dynamic.push(name)
    if (name === 'require' && !isCallee(node, parent)) this.#shape.dynamic.push(name)
  }

  #member(node: AnyNode & { type: 'MemberExpression' }, parent: AnyNode | undefined): void {
    const { property, computed } = node
    const name = computed
      ? property.type === 'Literal'
        ? String(property.value)
        : undefined
      : property.type === 'Identifier' || property.type === 'PrivateIdentifier'
        ? property.name
        : undefined
    if (name !== undefined && ofAll.has(name)) this.#shape.dynamic.push(`.${name}`)
    const base = this.#chainOf(node.object as AnyNode)
    if (base !== undefined && name === undefined) {
      if (base === 'process.env') this.#shape.variables.push('?')
      else if (base !== 'process.argv') this.#shape.dynamic.push(this.#code(node))
    }
    if (base === 'process.env' && name !== undefined) this.#shape.variables.push(name)
    if (parent?.type === 'MemberExpression' && parent.object === node) return
    const whole = this.#chainOf(node)
    if (whole !== undefined) this.#shape.chains.push(whole)
    if (computed && name === undefined && isCallee(node, parent)) this.#shape.dynamic.push(this.#code(node))
  }

  /** `process.env`, `fs.readFileSync`: of roots and modules alone. */
  #chainOf(node: AnyNode): string | undefined {
    if (node.type === 'Identifier') {
      const imported = this.#imported.get(node.name)
      if (imported !== undefined) return imported
      return roots.has(node.name) && !this.#bound.has(node.name) ? node.name : undefined
    }
    if (node.type === 'ChainExpression') return this.#chainOf(node.expression as AnyNode)
    if (node.type !== 'MemberExpression') return undefined
    const base = this.#chainOf(node.object as AnyNode)
    if (base === undefined) return undefined
    const { property } = node
    if (!node.computed && property.type === 'Identifier') return `${base}.${property.name}`
    if (property.type === 'Literal') return `${base}.${String(property.value)}`
    return base
  }

  #call(node: AnyNode & { type: 'CallExpression' | 'NewExpression' }): void {
    const shape = this.#shape
    const callee = node.callee as AnyNode
    const chain = this.#chainOf(callee)
    if (
      callee.type === 'MemberExpression' &&
      chain === undefined &&
      !callee.computed &&
      callee.property.type === 'Identifier'
    )
      shape.methods.push(callee.property.name)
    if (callee.type === 'Identifier' && this.#values.has(callee.name)) shape.dynamic.push(this.#code(callee))
    if (callee.type === 'CallExpression' || callee.type === 'AwaitExpression')
      shape.dynamic.push(this.#code(callee))
    if (chain === 'require') {
      const module = requiredIn(node)
      if (module === undefined) shape.dynamic.push(this.#code(node))
      else shape.modules.push(module)
    }
    const isFetch = callee.type === 'Identifier' && callee.name === 'fetch' && !this.#bound.has('fetch')
    if ((chain !== undefined && !chain.startsWith('process.std')) || isFetch)
      for (const each of node.arguments)
        walk(each as AnyNode, (inner) => {
          if (inner.type === 'Literal' && typeof inner.value === 'string') shape.outside.push(inner.value)
          if (inner.type === 'TemplateElement' && inner.value.cooked) shape.outside.push(inner.value.cooked)
        })
    if (chain === 'process.exit') {
      const [code] = node.arguments
      if (code && !(code.type === 'Literal' && code.value === 0)) shape.checks.push('exit')
    }
    if (callee.type === 'Identifier' && /^(?:assert|setInterval|setTimeout)$/.test(callee.name))
      shape.marks.push(callee.name)
    if (callee.type === 'Identifier' && callee.name === 'setTimeout') shape.marks.pop()
  }

  #code(node: Node | null | undefined): string {
    return node ? this.#text.slice(node.start, node.end).slice(0, 300) : ''
  }
}
