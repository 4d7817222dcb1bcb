"""The boxes of AVIF and HEIC (ISO/IEC 14496-12, 23008-12): items, their owners' properties, and what is shown of them."""
