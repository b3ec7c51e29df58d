import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import { en } from './en'

/** English at once, for tests of single parts. */
export async function startLanguagesForTests(): Promise<void> {
  await i18next.use(initReactI18next).init({ lng: 'en', keySeparator: false, nsSeparator: false, resources: { en: { translation: en } } })
}
