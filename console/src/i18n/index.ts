import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import { en, type Messages } from './en'

export const languages = { en: 'English', pt: 'Português', zh: '中文' } as const
export type Language = keyof typeof languages

declare module 'i18next' {
  interface CustomTypeOptions {
    keySeparator: false
    resources: { translation: Messages }
  }
}

const loaders: Record<Language, () => Promise<Messages>> = {
  en: () => Promise.resolve(en),
  pt: () => import('./pt').then((file) => file.pt),
  zh: () => import('./zh').then((file) => file.zh),
}

/** The language that was chosen here, else the first of the browser's that there is. */
export function preferred(stored: string | null, asked: readonly string[]): Language {
  for (const wish of [stored, ...asked]) {
    const name = wish?.toLowerCase().split('-')[0]
    if (name && name in languages) return name as Language
  }
  return 'en'
}

export async function setLanguage(language: Language): Promise<void> {
  if (!i18next.hasResourceBundle(language, 'translation')) {
    i18next.addResourceBundle(language, 'translation', await loaders[language]())
  }
  await i18next.changeLanguage(language)
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : language === 'pt' ? 'pt-BR' : 'en'
  localStorage.setItem('cofre.language', language)
}

export async function startLanguages(): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: 'en',
    fallbackLng: 'en',
    keySeparator: false,
    nsSeparator: false,
    resources: { en: { translation: en } },
    interpolation: { escapeValue: false },
  })
  await setLanguage(preferred(localStorage.getItem('cofre.language'), navigator.languages))
}
