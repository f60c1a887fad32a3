import { useEffect, useState } from 'react'
import { onOtherTime, serverNow } from '../api/server-time.ts'

/** The server's time (ms), renewed now and then: what a page says of "ago" is true of one moment. */
export function useNow(everyMs = 15_000): number {
  const [now, setNow] = useState(serverNow)
  useEffect(() => {
    // What was drawn a moment ago is not drawn again.
    const renew = () => setNow((before) => (Math.abs(serverNow() - before) < 500 ? before : serverNow()))
    const timer = setInterval(renew, everyMs)
    const stop = onOtherTime(renew)
    renew()
    return () => {
      clearInterval(timer)
      stop()
    }
  }, [everyMs])
  return now
}
