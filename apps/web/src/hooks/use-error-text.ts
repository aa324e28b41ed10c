import { type ErrorCode, errorCatalogue, isErrorCode } from '@parley/protocol'
import type { TFunction } from 'i18next'
import { useCallback } from 'react'
import { useTranslation } from 'react-i18next'

/** The code of an error of the contract, whatever class carried it here. */
export function errorCode(error: unknown): ErrorCode | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return isErrorCode(error.code) ? error.code : undefined
}

export function errorText(error: unknown, t: TFunction): string {
  const code = errorCode(error)
  if (code !== undefined) return t(`error.${code}`)
  return error instanceof TypeError || isOffline() ? t('error.network') : t('error.unknown')
}

/** It may work later without any change. */
export function errorPasses(error: unknown): boolean {
  const code = errorCode(error)
  return code !== undefined && errorCatalogue[code].retryable
}

function isOffline(): boolean {
  return typeof navigator !== 'undefined' && navigator.onLine === false
}

/** Names of the fields an `invalid_request` complains about. */
export function refusedFields(error: unknown): readonly string[] {
  if (errorCode(error) !== 'invalid_request') return []
  const details = (error as { details?: unknown }).details
  const fields =
    typeof details === 'object' && details !== null && 'fields' in details ? details.fields : null
  return typeof fields === 'object' && fields !== null ? Object.keys(fields) : []
}

/** Which field of a form a code is about, when it is about one. */
const codeFields: Partial<Record<ErrorCode, string>> = {
  username_taken: 'username',
  email_taken: 'email',
  password_too_common: 'password',
  room_name_taken: 'name',
}

export function errorField(error: unknown): string | undefined {
  const code = errorCode(error)
  return (code === undefined ? undefined : codeFields[code]) ?? refusedFields(error)[0]
}

export function useErrorText(): (error: unknown) => string {
  const { t } = useTranslation()
  return useCallback((error) => errorText(error, t), [t])
}
