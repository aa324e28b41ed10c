import { Search, X } from 'lucide-react'
import type { ComponentProps, Ref } from 'react'
import { useTranslation } from 'react-i18next'
import styles from './search-box.module.css'

interface SearchBoxProps extends Omit<ComponentProps<'input'>, 'onChange' | 'value' | 'ref'> {
  readonly label: string
  readonly value: string
  readonly onValue: (value: string) => void
  readonly inputRef?: Ref<HTMLInputElement>
}

export function SearchBox({ label, value, onValue, inputRef, ...input }: SearchBoxProps) {
  const { t } = useTranslation()
  return (
    <div className={styles.box}>
      <Search size={16} aria-hidden="true" className={styles.icon} />
      <input
        {...input}
        ref={inputRef}
        className={styles.input}
        type="search"
        aria-label={label}
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        value={value}
        onChange={(event) => onValue(event.target.value)}
      />
      {value === '' ? null : (
        <button
          type="button"
          className={styles.clear}
          aria-label={t('action.clear')}
          onClick={() => onValue('')}
        >
          <X size={15} aria-hidden="true" />
        </button>
      )}
    </div>
  )
}
