import { extname } from 'node:path'

/** With this as its last line a file of tests says that it was run to its end. Undefined: nothing here can write it in its language. */
export function withLastLine(file: string, text: string, mark: string): string | undefined {
  const says = sayingOf(file, text, mark)
  if (says === undefined) return undefined
  const lines = text.trimEnd().split('\n')
  const last = lines.at(-1) ?? ''
  // What ends it on purpose stays behind.
  if (!/\bexit\b|\bmain\(/.test(last)) return `${lines.join('\n')}\n${says}\n`
  const indent = /^\s*/.exec(last)![0]
  return `${[...lines.slice(0, -1), `${indent}${says}`, last].join('\n')}\n`
}

function sayingOf(file: string, text: string, mark: string): string | undefined {
  const ending = extname(file)
  if (['.mjs', '.js', '.ts', '.cjs'].includes(ending)) return `;process.stdout.write('\\n${mark}\\n')`
  if (ending === '.py') return `print("\\n${mark}", flush=True)`
  // What the last line comes to is what the file comes to: that stays.
  return ending === '.sh' || /^#!.*\b(?:ba|da)?sh\b/.test(text)
    ? `{ _reeve=$?; printf '\\n%s\\n' ${mark}; (exit $_reeve); }`
    : undefined
}
