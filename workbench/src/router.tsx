/** Addresses of the pages; the query part stays plain text so that people can read it. */
import { createRootRoute, createRoute, createRouter } from "@tanstack/react-router";
import { type FunctionComponent, lazy, Suspense } from "react";
import type { PagePath } from "./shell/pages";
import { Empty } from "./shell/Panel";
import { Shell } from "./shell/Shell";

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });

type Loading = () => Promise<{ default: FunctionComponent }>;

const LOADED: Readonly<Record<PagePath, Loading>> = {
  "/": () => import("./home/Home"),
  "/lab": () => import("./lab/PromptLab"),
  "/unit": () => import("./unit/Unit"),
  "/atlas": () => import("./atlas/Atlas"),
  "/circuits": () => import("./circuits/Circuits"),
  "/errors": () => import("./errors/Errors"),
  "/compare": () => import("./compare/Compare"),
  "/results": () => import("./results/Results"),
  "/recipes": () => import("./recipes/Recipes"),
  "/admin": () => import("./admin/Admin"),
};

const pages = Object.entries(LOADED).map(([path, load]) =>
  createRoute({ getParentRoute: () => root, path, component: shown(load) }),
);

function shown(load: Loading): FunctionComponent {
  const Page = lazy(load);
  return function Shown() {
    return (
      <Suspense fallback={<div className="page-skeleton skeleton" />}>
        <Page />
      </Suspense>
    );
  };
}

function NotFound() {
  return (
    <main>
      <Empty button={<a href="/">Go to the start</a>}>There is no page at this address.</Empty>
    </main>
  );
}

export const router = createRouter({
  routeTree: root.addChildren(pages),
  parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
  stringifySearch: (search) => {
    const text = new URLSearchParams(search as Record<string, string>).toString();
    return text ? `?${text}` : "";
  },
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
