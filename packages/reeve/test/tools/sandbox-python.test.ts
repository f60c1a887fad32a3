import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runPython } from '../../src/tools/sandbox/python.ts'
import { LoopbackServer } from './loopback-server.ts'

const attempts = (port: number, mark: string) => `
import os, sys
print("counting", input["numbers"])
found = {}
def attempt(name):
    def run(body):
        try:
            found[name] = ["escaped", str(body())[:300]]
        except BaseException as error:
            found[name] = ["held", f"{type(error).__name__}: {error}"[:300]]
    return run

@attempt("the js module has a process")
def _():
    import js
    return js.process
@attempt("the js module has fetch")
def _():
    from js import fetch
    return fetch
@attempt("eval in JavaScript")
def _():
    from pyodide.code import run_js
    return run_js("process.version")
@attempt("a constructor chain in JavaScript")
def _():
    import pyodide_js
    return pyodide_js.constructor.constructor("return process")()
@attempt("the constructor of a proxied function")
def _():
    import pyodide_js
    return pyodide_js.loadPackage.constructor("return process")()
@attempt("the host's files through Python")
def _():
    return open("/etc/passwd").read() and os.listdir("/proc/self/fd")
@attempt("the host's files mounted")
def _():
    import pyodide_js
    pyodide_js.mountNodeFS("/host", "/etc")
    return os.listdir("/host")
@attempt("a host's file written through a mount")
def _():
    import pyodide_js
    from pyodide.ffi import to_js
    os.makedirs("/written", exist_ok=True)
    module = pyodide_js._module
    module.FS.mount(module.FS.filesystems.NODEFS, to_js({"root": "${mark}"}), "/written")
    open("/written/mark", "w").write("x")
    return os.listdir("/written")
@attempt("a socket")
def _():
    import socket
    connection = socket.create_connection(("127.0.0.1", ${port}), 1)
    connection.send(b"GET / HTTP/1.0\\r\\n\\r\\n")
    return connection.recv(10)
@attempt("a request")
def _():
    import urllib.request
    return urllib.request.urlopen("http://127.0.0.1:${port}/", timeout=1).read()
@attempt("a request of Pyodide")
def _():
    from pyodide.http import open_url
    return open_url("http://127.0.0.1:${port}/").read()
@attempt("a child process")
def _():
    import subprocess
    return subprocess.run(["/bin/id"], capture_output=True).stdout
@attempt("a fork")
def _():
    return os.fork()
@attempt("a thread")
def _():
    import threading
    threading.Thread(target=print).start()
@attempt("native code")
def _():
    import ctypes
    return ctypes.CDLL("libc.so.6").getpid()
@attempt("the environment")
def _():
    secrets = {key: value for key, value in os.environ.items() if "canary" in value or key == "REEVE_SECRET"}
    if not secrets: raise KeyError("no secret")
    return secrets
{"found": found, "sum": sum(input["numbers"])}
`

test('computes, and finds no way out', async () => {
  const server = await LoopbackServer.start((_request, response) => void response.end('reached'))
  process.env.REEVE_SECRET = 'canary'
  const mark = join(tmpdir(), `reeve-sandbox-${process.pid}`)
  try {
    const { value, logs } = await runPython(
      attempts(server.port, tmpdir()),
      { numbers: [1, 2, 3] },
      { time: '15s' },
    )
    const { found, sum } = value as { found: Record<string, [string, string]>; sum: number }
    expect(sum).toBe(6)
    expect(logs[0]).toBe('counting [1, 2, 3]')
    expect(Object.keys(found)).toHaveLength(16)
    expect(Object.entries(found).filter(([, [outcome]]) => outcome !== 'held')).toEqual([])
    expect(server.received).toEqual([])
    expect(existsSync(mark)).toBe(false)
  } finally {
    delete process.env.REEVE_SECRET
    await server.close()
  }
})

test('endless loops, hoarding and the shell each end clearly', async () => {
  // Only the loop is to meet its time; what ends by itself may take as long as a busy machine needs.
  const memoryBytes = 64 * 1_048_576
  const limits = { time: '2m', memoryBytes } as const
  const hoard = 'hoard = []\nwhile True: hoard.append(bytearray(10_000_000))'
  const [loop, hoarded, shell] = (await Promise.allSettled([
    runPython('while True: pass', null, { time: 1500, memoryBytes }),
    runPython(hoard, null, limits),
    runPython('import os\nos.system("id")', null, limits),
  ])) as PromiseRejectedResult[]
  expect(loop!.reason).toMatchObject({ code: 'script-timeout' })
  expect(hoarded!.reason).toMatchObject({ code: 'script-failed' })
  expect(hoarded!.reason.message).toMatch(/line 2.*MemoryError/s)
  expect(shell!.reason.message).toMatch(/restricted/)
}, 150_000)
