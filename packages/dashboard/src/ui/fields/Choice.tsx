import css from './Choice.module.css'

/** One of a few words; the chosen one is the page's address. */
export function Choice<T extends string>({
  label,
  value,
  options,
  onChange,
}: {
  label: string
  value: T
  options: { value: T; words: string }[]
  onChange: (value: T) => void
}) {
  return (
    <fieldset className={css.choice}>
      <legend className="heard">{label}</legend>
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          aria-pressed={option.value === value}
          onClick={() => onChange(option.value)}
        >
          {option.words}
        </button>
      ))}
    </fieldset>
  )
}
