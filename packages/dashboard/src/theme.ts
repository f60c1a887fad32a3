import { createTheme, type MantineColorsTuple } from '@mantine/core'

/** The one accent: a calm green, from its palest to its darkest. */
const moss: MantineColorsTuple = [
  '#eef6f2',
  '#e5efe9',
  '#c3ddd0',
  '#9dcbb4',
  '#7cc4a4',
  '#4a9a7b',
  '#2f7a60',
  '#1f5f4a',
  '#184b3a',
  '#10372b',
]

export const theme = createTheme({
  primaryColor: 'moss',
  primaryShade: { light: 7, dark: 6 },
  colors: { moss },
  autoContrast: true,
  defaultRadius: 8,
  cursorType: 'pointer',
  fontFamily: 'system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "DejaVu Sans Mono", monospace',
  fontSizes: { xs: '12px', sm: '13px', md: '15px', lg: '17px', xl: '20px' },
  respectReducedMotion: true,
  components: { Button: { styles: { label: { fontSize: 15 } } } },
})
