//! The watchdog's page, its metrics and its health, over HTTP on this machine.
