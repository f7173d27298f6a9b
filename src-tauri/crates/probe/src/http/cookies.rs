//! The cookies of one probe: what an answer sets on the way is shown to the pages that its redirect leads to, as browsers
//! do (RFC 6265).

use std::cmp::Reverse;

use cookie_store::{CookieStore, StoreAction};
use http::{HeaderMap, HeaderValue, header};
use url::Url;

/// Cookies, each with whom it is for.
#[derive(Default)]
pub(super) struct Jar(Option<Box<CookieStore>>);

impl Jar {
    /// Keeps the cookies that an answer of `from` sets in `headers`, as far as it may set them; gives their values.
    pub(super) fn keep(&mut self, headers: &HeaderMap, from: &Url) -> Vec<String> {
        let set = headers.get_all(header::SET_COOKIE).iter();
        let kept = set.filter_map(|cookie| self.keep_one(&String::from_utf8_lossy(cookie.as_bytes()), from));
        kept.collect()
    }

    fn keep_one(&mut self, cookie: &str, from: &Url) -> Option<String> {
        let cookie = cookie_store::Cookie::parse(cookie, from).ok()?.into_owned();
        let value = cookie.value().to_owned();
        let kept = self.0.get_or_insert_default().insert(cookie, from);
        matches!(kept, Ok(StoreAction::Inserted | StoreAction::UpdatedExisting)).then_some(value)
    }

    /// Adds the cookies that are for `url` to `headers`, in the place of those of the same name that are there.
    pub(super) fn show(&self, url: &Url, headers: &mut HeaderMap) {
        let Some(store) = &self.0 else { return };
        let mut kept = store.matches(url);
        if kept.is_empty() {
            return;
        }
        // Those for a longer path go first, then the older ones (RFC 6265, section 5.4).
        kept.sort_by_key(|cookie| Reverse(cookie.path.len()));
        let own =
            headers.get_all(header::COOKIE).iter().map(|own| String::from_utf8_lossy(own.as_bytes()).into_owned());
        let own: Vec<String> = own.collect();
        let own = own.iter().flat_map(|own| own.split(';')).map(str::trim).filter(|pair| {
            let name = pair.split('=').next().unwrap_or_default().trim();
            !pair.is_empty() && kept.iter().all(|cookie| cookie.name() != name)
        });
        let kept = kept.iter().map(|cookie| format!("{}={}", cookie.name(), cookie.value()));
        let all: Vec<String> = own.map(str::to_owned).chain(kept).collect();
        if let Ok(mut value) = HeaderValue::from_bytes(all.join("; ").as_bytes()) {
            value.set_sensitive(true);
            headers.insert(header::COOKIE, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(set: &[(&str, &str)], own: &str, to: &str) -> String {
        let mut jar = Jar::default();
        for (from, cookie) in set {
            let mut headers = HeaderMap::new();
            headers.insert(header::SET_COOKIE, HeaderValue::from_str(cookie).unwrap());
            jar.keep(&headers, &Url::parse(from).unwrap());
        }
        let mut headers = HeaderMap::new();
        if !own.is_empty() {
            headers.insert(header::COOKIE, HeaderValue::from_str(own).unwrap());
        }
        jar.show(&Url::parse(to).unwrap(), &mut headers);
        headers.get(header::COOKIE).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
    }

    #[test]
    fn a_cookie_is_shown_to_whom_it_is_for() {
        let check = |from: &str, cookie: &str, to: &str, found: &str| {
            assert_eq!(shown(&[(from, cookie)], "", to), found, "{cookie} of {from} to {to}");
        };
        let page = "https://shop.example.org/a/b";
        check(page, "id=1; Path=/; HttpOnly; SameSite=Lax", "https://shop.example.org/", "id=1");
        check(page, "id=1", "https://shop.example.org/a/c", "id=1");
        check(page, "id=1", "https://shop.example.org/b", "");
        check(page, "id=1; Path=/", "https://other.example.org/", "");
        check(page, "id=1; Path=/; Domain=example.org", "https://other.example.org/", "id=1");
        check(page, "id=1; Path=/; Domain=evil.example", "https://evil.example/", "");
        check(page, "id=1; Path=/; Secure", "http://shop.example.org/", "");
        check(page, "id=1; Path=/; Secure", "https://shop.example.org/", "id=1");
        check(page, "id=1; Path=/; Max-Age=0", "https://shop.example.org/", "");
        check(page, "id=1; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "https://shop.example.org/", "");
        check("http://127.0.0.1:8080/", "id=a=b==", "http://127.0.0.1:9090/x", "id=a=b==");
        check(page, "nonsense", "https://shop.example.org/", "");
    }

    #[test]
    fn the_newest_cookie_of_a_name_counts_beside_what_the_check_sends() {
        let page = "http://localhost/";
        let set = [(page, "a=1"), (page, "a=2"), (page, "b=3; Max-Age=0")];
        assert_eq!(shown(&set, "", page), "a=2");
        assert_eq!(shown(&set, "mine=x;a=0; c=d=e", page), "mine=x; c=d=e; a=2");
        assert_eq!(shown(&[], "mine=x", page), "mine=x");
        let paths = [("http://localhost/a/b", "old=1; Path=/"), ("http://localhost/a/b", "new=2; Path=/a")];
        assert_eq!(shown(&paths, "", "http://localhost/a/"), "new=2; old=1");
    }
}
