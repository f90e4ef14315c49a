"""What a page of the vendor's documentation says, beside what the contract says."""
