"""TRN tokens: by which a service, or one of us, vouches for whose record an address is."""
