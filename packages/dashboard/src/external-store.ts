import { useEffect, useMemo, useRef, useSyncExternalStore } from 'react'

/**
 * A part of a store outside, as the router and the graph read it. It stands in the place of the package
 * `use-sync-external-store`, which carries React's older ways along and is no module: the build would add a script for that.
 */
export function useSyncExternalStoreWithSelector<Snapshot, Part>(
  subscribe: (listener: () => void) => () => void,
  getSnapshot: () => Snapshot,
  _getServerSnapshot: unknown,
  select: (snapshot: Snapshot) => Part,
  isEqual: (before: Part, after: Part) => boolean = Object.is,
): Part {
  const drawn = useRef<{ part: Part } | undefined>(undefined)
  const getPart = useMemo(() => {
    let read: { snapshot: Snapshot; part: Part } | undefined
    return () => {
      const snapshot = getSnapshot()
      if (read && Object.is(read.snapshot, snapshot)) return read.part
      const part = select(snapshot)
      // A part that is as before is the one from before: who draws it does nothing.
      const before = read ?? drawn.current
      read = { snapshot, part: before && isEqual(before.part, part) ? before.part : part }
      return read.part
    }
  }, [getSnapshot, select, isEqual])
  const part = useSyncExternalStore(subscribe, getPart)
  useEffect(() => {
    drawn.current = { part }
  }, [part])
  return part
}

export default { useSyncExternalStoreWithSelector }
