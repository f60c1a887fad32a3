import { stripTypeScriptTypes } from 'node:module'
import type { AnyNode } from 'acorn'
import { namesIn, walk } from './javascript-nodes.ts'

/** What a module gives to others, by name; undefined: it cannot be read. */
export async function javascriptExports(
  source: string,
  isTyped: boolean,
): Promise<{ names: string[]; isCommon: boolean } | undefined> {
  const { parse } = await import('acorn')
  try {
    const text = isTyped ? stripTypeScriptTypes(source) : source
    const tree = parse(text, {
      ...{ ecmaVersion: 'latest', sourceType: 'module', allowHashBang: true },
      ...{ allowAwaitOutsideFunction: true, allowReturnOutsideFunction: true },
    })
    const names: string[] = []
    for (const node of tree.body) {
      if (node.type === 'ExportDefaultDeclaration') names.push('default')
      if (node.type !== 'ExportNamedDeclaration') continue
      const { declaration } = node
      if (declaration?.type === 'VariableDeclaration')
        names.push(...declaration.declarations.flatMap(({ id }) => namesIn(id)))
      else if (declaration) names.push(declaration.id.name)
      for (const { exported } of node.specifiers)
        if (exported.type === 'Identifier') names.push(exported.name)
    }
    let isCommon = false
    walk(tree as AnyNode, (node) => {
      if (node.type === 'Identifier' && /^(?:module|exports|require)$/.test(node.name)) isCommon = true
    })
    const isModule = tree.body.some(({ type }) => /^(?:Import|Export)/.test(type))
    return { names, isCommon: isCommon && !isModule }
  } catch {
    return undefined
  }
}
