import { theme, type ThemeConfig } from 'antd'
import { useEffect, useState } from 'react'

export type Mode = 'light' | 'dark' | 'system'

const dark = () => matchMedia('(prefers-color-scheme: dark)')
const stored = (): Mode => {
  const mode = localStorage.getItem('cofre.theme')
  return mode === 'light' || mode === 'dark' ? mode : 'system'
}

/** The mode that was chosen, and whether it is dark now. */
export function useMode() {
  const [mode, setMode] = useState<Mode>(stored)
  const [system, setSystem] = useState(() => dark().matches)
  useEffect(() => {
    const query = dark()
    const listen = () => setSystem(query.matches)
    query.addEventListener('change', listen)
    return () => query.removeEventListener('change', listen)
  }, [])
  const isDark = mode === 'dark' || (mode === 'system' && system)
  useEffect(() => {
    document.documentElement.dataset['theme'] = isDark ? 'dark' : 'light'
  }, [isDark])
  const choose = (next: Mode) => {
    localStorage.setItem('cofre.theme', next)
    setMode(next)
  }
  return { mode, isDark, choose }
}

/** One accent: the green of the safe. Texts keep a contrast of 4.5 : 1 or more (WCAG 2.2, 1.4.3). */
export function themeOf(isDark: boolean): ThemeConfig {
  const accent = isDark ? '#4fd1c5' : '#0b6e69'
  return {
    algorithm: isDark ? theme.darkAlgorithm : theme.defaultAlgorithm,
    cssVar: { key: 'cofre' },
    hashed: false,
    token: {
      colorPrimary: accent,
      colorLink: accent,
      colorInfo: accent,
      colorError: isDark ? '#ff8a85' : '#b3261e',
      colorSuccess: isDark ? '#5fce8f' : '#1e7a45',
      colorWarning: isDark ? '#f0b45a' : '#8f5a00',
      borderRadius: 8,
      fontSize: 14,
      fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif',
      // Popups of Ant Design wait for the end of an animation: CSS that cuts it short would leave them off the screen.
      motion: !matchMedia('(prefers-reduced-motion: reduce)').matches,
      motionDurationMid: '0.12s',
      motionDurationSlow: '0.16s',
      ...(isDark
        ? { colorPrimaryBg: '#12312f', colorInfoBg: '#12312f', colorInfoBorder: '#1f4f4b', colorPrimaryBgHover: '#184240', colorBgBase: '#141716', colorBgContainer: '#1a1e1d', colorBgElevated: '#222726', colorBgLayout: '#111413', colorTextLightSolid: '#06201e', colorTextSecondary: '#b3bdbb', colorTextTertiary: '#98a3a1', colorTextDescription: '#a5b0ae', colorTextPlaceholder: '#8e9997' }
        : { colorPrimaryBg: '#e3f1ef', colorInfoBg: '#e3f1ef', colorInfoBorder: '#b9dcd7', colorSuccessBg: '#e4f3ea', colorSuccessBorder: '#b8dec8', colorWarningBg: '#fbf1df', colorWarningBorder: '#ecd5a8', colorErrorBg: '#fbe9e7', colorErrorBorder: '#f0c4bf', colorPrimaryBgHover: '#d3e8e5', colorBgLayout: '#f6f8f7', colorTextSecondary: '#4a5553', colorTextTertiary: '#5d6967', colorTextDescription: '#566260', colorTextPlaceholder: '#6b7775' }),
    },
  }
}
