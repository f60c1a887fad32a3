#!/usr/bin/env node
// Starts the CLI: in this process when its Node is new enough, else in the Node that the `node` package installed.
// This file and those beside it must run on every Node that knows ES modules.
import { oldestMajor, warnOfMissingBinary } from './node-package.js'
import { stopWithLauncher, stopWithShell } from './stop-with-launcher.js'

// In the Node that a launcher started, the launcher watches.
if (!process.env.REEVE_LAUNCHER) stopWithShell()

if (process.argv[2] === 'watchdog') {
  // Nothing of Reeve is loaded: what stops Reeve must not stop what watches it.
  await import('./watchdog.js')
} else if (Number.parseInt(process.versions.node, 10) < oldestMajor) {
  const { startNewerNode } = await import('./newer-node.js')
  startNewerNode()
} else {
  const { default: module } = await import('node:module')
  stopWithLauncher()
  warnOfMissingBinary()
  module.enableCompileCache()
  const { mustRunSources } = await import('./checkout.js')
  if (mustRunSources()) {
    // For the project's own `import 'reeve'`, too.
    module.registerHooks({
      resolve: (specifier, context, next) =>
        next(specifier, { ...context, conditions: [...context.conditions, 'reeve-source'] }),
    })
  }
  await import('#cli')
}
