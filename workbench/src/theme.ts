/** Mantine in the project's look: ink instead of a brand colour, hairlines, no shadows. */
import { createTheme, type MantineColorsTuple } from "@mantine/core";
import { MONO, SANS } from "./figures/paint";

const ink: MantineColorsTuple = [
  "#f4f5f7",
  "#e6e9ee",
  "#d3d8df",
  "#b6bec9",
  "#98a2b0",
  "#7a8594",
  "#59616b",
  "#3d444d",
  "#2a2f37",
  "#1b1f24",
];

const dark: MantineColorsTuple = [
  "#e6e9ee",
  "#c6ccd5",
  "#9ba4b0",
  "#737d8a",
  "#3a414c",
  "#2b313a",
  "#1c2127",
  "#14171c",
  "#101317",
  "#0b0d10",
];

export const mantine = createTheme({
  primaryColor: "ink",
  primaryShade: { light: 9, dark: 1 },
  autoContrast: true,
  colors: { ink, dark },
  defaultRadius: 4,
  fontFamily: SANS,
  fontFamilyMonospace: MONO,
  fontSizes: { xs: "13px", sm: "13px", md: "14px", lg: "16px", xl: "20px" },
  headings: { fontFamily: SANS, fontWeight: "600" },
  shadows: { xs: "none", sm: "none", md: "none", lg: "none", xl: "none" },
  focusRing: "auto",
  respectReducedMotion: true,
  cursorType: "pointer",
});
