"""``report.html``: what it shows of each photo, how it is drawn and when."""
