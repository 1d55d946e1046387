/** Icons, drawn here so that no icon font or set is loaded; always beside words or a label. */
import type { ComponentType, ReactNode } from "react";
import type { PagePath } from "./pages";

function Icon({ children }: { children: ReactNode }) {
  return (
    <svg
      viewBox="0 0 16 16"
      width="16"
      height="16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.4"
      aria-hidden="true"
    >
      {children}
    </svg>
  );
}

const LabIcon = () => (
  <Icon>
    <path d="M2 3h12M2 6.5h7M2 10h12M2 13.5h5" />
  </Icon>
);
export const SunIcon = () => (
  <Icon>
    <circle cx="8" cy="8" r="2.8" />
    <path d="M8 1v2M8 13v2M1 8h2M13 8h2M3 3l1.4 1.4M11.6 11.6 13 13M3 13l1.4-1.4M11.6 4.4 13 3" />
  </Icon>
);
export const MoonIcon = () => (
  <Icon>
    <path d="M13.5 9.8A6 6 0 0 1 6.2 2.5a6 6 0 1 0 7.3 7.3Z" />
  </Icon>
);
export const MoreIcon = () => (
  <Icon>
    <path d="M3 8h.01M8 8h.01M13 8h.01" strokeWidth="2.4" strokeLinecap="round" />
  </Icon>
);
export const PlayIcon = () => (
  <Icon>
    <path d="M5 3.5v9l7-4.5z" />
  </Icon>
);
export const PauseIcon = () => (
  <Icon>
    <path d="M5.5 3.5v9M10.5 3.5v9" />
  </Icon>
);
export const CloseIcon = () => (
  <Icon>
    <path d="m4 4 8 8M12 4l-8 8" />
  </Icon>
);
export const CopyIcon = () => (
  <Icon>
    <rect x="5.5" y="5.5" width="8" height="8" rx="1" />
    <path d="M10.5 5.5v-3h-8v8h3" />
  </Icon>
);
export const SearchIcon = () => (
  <Icon>
    <circle cx="7" cy="7" r="4.2" />
    <path d="m10.2 10.2 3.6 3.6" />
  </Icon>
);
export const DockIcon = () => (
  <Icon>
    <rect x="2" y="2.5" width="12" height="11" rx="1" />
    <path d="M10 2.5v11" />
  </Icon>
);
export const LeaveIcon = () => (
  <Icon>
    <path d="M9.5 2.5h-7v11h7M6.5 8h7M11 5.2 13.8 8 11 10.8" />
  </Icon>
);
export const PinIcon = () => (
  <Icon>
    <path d="M8 9.5V14M5 9.5h6M6 2.5h4l-.6 4 1.6 3H5l1.6-3z" />
  </Icon>
);
const HomeIcon = () => (
  <Icon>
    <path d="M2.5 7.5 8 2.5l5.5 5M4 6.5v7h8v-7" />
  </Icon>
);
const UnitIcon = () => (
  <Icon>
    <circle cx="8" cy="8" r="3" />
    <path d="M8 1.5v3.5M8 11v3.5M2.4 4.8l3 1.7M10.6 9.5l3 1.7M13.6 4.8l-3 1.7M5.4 9.5l-3 1.7" />
  </Icon>
);
const AtlasIcon = () => (
  <Icon>
    <path
      d="M4 5h.01M7 3.6h.01M6 7.4h.01M10.5 6h.01M12.6 9h.01M9.4 10h.01M11 12.6h.01M4.6 11.4h.01"
      strokeWidth="2.4"
      strokeLinecap="round"
    />
  </Icon>
);
const CircuitsIcon = () => (
  <Icon>
    <circle cx="3.5" cy="12.5" r="1.6" />
    <circle cx="12.5" cy="12.5" r="1.6" />
    <circle cx="8" cy="3.5" r="1.6" />
    <path d="m4.4 11.1 2.8-6M11.6 11.1l-2.8-6M5.1 12.5h5.8" />
  </Icon>
);
const ErrorsIcon = () => (
  <Icon>
    <path d="M2.5 4.5 4 6l2.5-3M9 4.5h5M2.5 10l4 4M6.5 10l-4 4M9 12h5" />
  </Icon>
);
const CompareIcon = () => (
  <Icon>
    <rect x="2" y="3" width="5" height="10" />
    <rect x="9" y="3" width="5" height="10" />
  </Icon>
);
const ResultsIcon = () => (
  <Icon>
    <path d="M3.5 2h6l3 3v9h-9zM9.5 2v3h3M5.5 8.5h5M5.5 11h5" />
  </Icon>
);
const RecipesIcon = () => (
  <Icon>
    <path d="m2.5 4 1.2 1.2L6 3M2.5 8.5l1.2 1.2L6 7.5M2.5 13l1.2 1.2L6 12M8 4.2h6M8 8.7h6M8 13.2h6" />
  </Icon>
);
const AdminIcon = () => (
  <Icon>
    <path d="M8 1.8 13 4v4c0 3-2.2 5.2-5 6.2C5.2 13.2 3 11 3 8V4zM6 8l1.5 1.5L10.2 6.6" />
  </Icon>
);

/** What stands for each page in the rail. */
export const ICONS: Readonly<Record<PagePath, ComponentType>> = {
  "/": HomeIcon,
  "/lab": LabIcon,
  "/unit": UnitIcon,
  "/atlas": AtlasIcon,
  "/circuits": CircuitsIcon,
  "/errors": ErrorsIcon,
  "/compare": CompareIcon,
  "/results": ResultsIcon,
  "/recipes": RecipesIcon,
  "/admin": AdminIcon,
};

export const Mark = () => (
  <svg
    viewBox="0 0 16 16"
    width="18"
    height="18"
    aria-hidden="true"
    fill="none"
    stroke="currentColor"
    strokeWidth="1.4"
  >
    <circle cx="8" cy="8" r="4.6" />
    <path d="M8 .8v3.4M8 11.8v3.4M.8 8h3.4M11.8 8h3.4" />
    <circle cx="8" cy="8" r="1.4" fill="currentColor" stroke="none" />
  </svg>
);
