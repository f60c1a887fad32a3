import { useState } from 'react'

/** Which colours this browser shows: as the device has them, unless somebody chose here. */
export type Colours = 'auto' | 'light' | 'dark'

const place = 'reeve-colours'

function chosen(): Colours {
  try {
    const kept = localStorage.getItem(place)
    return kept === 'light' || kept === 'dark' ? kept : 'auto'
  } catch {
    // A browser that keeps nothing shows them as the device has them.
    return 'auto'
  }
}

/** The style sheet does the rest: `light-dark()` by the scheme of the root. */
export function showColours(colours = chosen()): void {
  if (colours === 'auto') delete document.documentElement.dataset.colours
  else document.documentElement.dataset.colours = colours
}

export function useColours(): [Colours, (colours: Colours) => void] {
  const [colours, setColours] = useState(chosen)
  return [
    colours,
    (now) => {
      setColours(now)
      showColours(now)
      try {
        if (now === 'auto') localStorage.removeItem(place)
        else localStorage.setItem(place, now)
      } catch {
        // It holds until the page is left.
      }
    },
  ]
}
