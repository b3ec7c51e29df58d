import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { App, ConfigProvider } from 'antd'
import { createContext, use, useEffect, useMemo, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { ApiError } from './api/http'
import { router } from './router'
import { themeOf, useMode, type Mode } from './ui/theme'

const queries = new QueryClient({
  defaultOptions: {
    queries: { staleTime: 10_000, refetchOnWindowFocus: false, retry: (count, error) => !(error instanceof ApiError) && count < 3 },
  },
})

const Appearance = createContext<{ mode: Mode; isDark: boolean; choose: (mode: Mode) => void }>({ mode: 'system', isDark: false, choose: () => undefined })
export const useAppearance = () => use(Appearance)

type Locale = NonNullable<React.ComponentProps<typeof ConfigProvider>['locale']>
const locales: Record<string, () => Promise<{ default: Locale }>> = {
  zh: () => import('antd/locale/zh_CN'),
  pt: () => import('antd/locale/pt_BR'),
}

function useLocale(): Locale | undefined {
  const { i18n } = useTranslation()
  const [locale, setLocale] = useState<Locale>()
  useEffect(() => {
    const load = locales[i18n.language]
    let gone = false
    void (load ? load() : Promise.resolve({ default: undefined })).then((found) => {
      if (!gone) setLocale(found.default)
    })
    return () => {
      gone = true
    }
  }, [i18n.language])
  return locale
}

function Themed({ children }: { children: ReactNode }) {
  const appearance = useMode()
  const locale = useLocale()
  const theme = useMemo(() => themeOf(appearance.isDark), [appearance.isDark])
  return (
    <Appearance value={appearance}>
      <ConfigProvider theme={theme} button={{ autoInsertSpace: false }} {...(locale && { locale })}>
        <App className="app">{children}</App>
      </ConfigProvider>
    </Appearance>
  )
}

export function Root() {
  return (
    <QueryClientProvider client={queries}>
      <Themed>
        <RouterProvider router={router} />
      </Themed>
    </QueryClientProvider>
  )
}
