import { useQuery } from "@tanstack/react-query";
import { Suspense, useEffect, useRef } from "react";
import { Link, NavLink, Outlet, useLocation } from "react-router";
import { readyQuery, summaryQuery } from "@/api/queries";
import { Loading } from "@/components/loaded";
import { useAnnouncement } from "@/lib/announcer";
import icon from "../icon.svg";
import { AwayBanner } from "./away-banner";
import { ErrorBoundary } from "./error-boundary";
import { Freshness } from "./freshness";
import { Health } from "./health";
import styles from "./layout.module.css";
import { Preferences } from "./preferences";
import { SignedIn } from "./signed-in";

/** Header, the one status line, and the screen; dimmed while the server is away. */
export function Layout() {
  const { pathname } = useLocation();
  const main = useRef<HTMLElement>(null);
  const away = useQuery(readyQuery()).isError;
  useFocusOnNavigation(pathname, main);
  return (
    <>
      <button type="button" className={styles.skip} onClick={() => main.current?.focus()}>
        Skip to the content
      </button>
      <header className={styles.header}>
        <div className={styles.bar}>
          <Link to="/" className={styles.brand} aria-label="Sentinel">
            <img src={icon} alt="" width="24" height="24" />
            <span>Sentinel</span>
          </Link>
          <Navigation />
          <div className={styles.tools}>
            <Freshness />
            <Health />
            <Preferences />
            <SignedIn />
          </div>
        </div>
      </header>
      <StatusLine />
      <AwayBanner />
      <main ref={main} tabIndex={-1} className={away ? `${styles.main} ${styles.away}` : styles.main}>
        <ErrorBoundary place={pathname}>
          <Suspense fallback={<Loading what="the screen" />}>
            <Outlet />
          </Suspense>
        </ErrorBoundary>
      </main>
    </>
  );
}

function Navigation() {
  const openAlerts = useQuery(summaryQuery()).data?.open_alerts ?? 0;
  return (
    <nav className={styles.nav} aria-label="Sections">
      <NavLink to="/" end>
        Overview
      </NavLink>
      <NavLink to="/alerts">
        Alerts{" "}
        {openAlerts > 0 && (
          <span className={styles.badge}>
            {openAlerts} <span className="hidden-text">open</span>
          </span>
        )}
      </NavLink>
      <NavLink to="/runs">Runs</NavLink>
      <NavLink to="/settings">Settings</NavLink>
    </nav>
  );
}

/** The page's one live region; it exists from the start, so that assistive technology watches it. */
const StatusLine = () => (
  <p role="status" className="hidden-text">
    {useAnnouncement()}
  </p>
);

/** A new screen starts at its top, for the eye and for the keyboard; the first one is left alone. */
function useFocusOnNavigation(pathname: string, main: React.RefObject<HTMLElement | null>) {
  const shown = useRef(pathname);
  useEffect(() => {
    if (shown.current === pathname) return;
    shown.current = pathname;
    window.scrollTo(0, 0);
    main.current?.focus({ preventScroll: true });
  }, [pathname, main]);
}
